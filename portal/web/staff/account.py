"""The viewer's own sign-in."""

from portal.web.signin import own_account

pages = own_account.build("/account", own_account.STAFF)
