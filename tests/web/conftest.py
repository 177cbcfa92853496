from tests.web.kit import browser, clock, house

__all__ = ["browser", "clock", "house"]
