"""Protocol doubles: outside parties that speak a payment company's protocol on this machine.

They are written from the published protocol facts alone and import nothing of the product, so that
a misunderstanding in a client of ours cannot hide behind the same misunderstanding here.
"""
