"""What the tax office and companies ask for: Form 01/TTGD, the VAT summary, company invoices."""
