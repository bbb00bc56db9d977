"""Accounts in the place of a provider: `digitalocean@prod`.

Law: an account names the same documents as its provider, and another credential. What is asked of two accounts is
never taken for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from sqloud.errors import ProgrammingError, UnknownNameError

__all__ = ["NO_ACCOUNTS", "Accounts", "bare"]


def bare(provider: str) -> str:
    """The provider of `provider@account`."""
    return provider.partition("@")[0]


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts that a configuration names. `providers`: account to provider; `groups`: name to accounts."""

    providers: Mapping[str, str] = MappingProxyType({})
    groups: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def named(self, name: str) -> str:
        """`provider@account` as the configuration spells it.

        Raises UnknownNameError, and for a group ProgrammingError.
        """
        provider, _, account = name.partition("@")
        own = [one for one, of in self.providers.items() if of == provider]
        for one in own:
            if one.lower() == account.lower():
                return f"{provider}@{one}"
        groups = self._groups(provider)
        if account.lower() in {one.lower() for one in groups}:
            raise ProgrammingError(
                f"{name} is a group of accounts, and this is of one",
                hints=(
                    f"write {provider}@{groups[0] if not own else own[0]}",
                    "a group can be read, in FROM",
                ),
            )
        import difflib

        near = difflib.get_close_matches(account, [*own, *groups], n=2)
        known = ", ".join([*own, *groups])
        raise UnknownNameError(
            f"no connection {account} of {provider}",
            hints=(
                f"did you mean {provider}@{near[0]}?"
                if near
                else f"there is {known}"
                if known
                else f"a configuration names accounts: [connections.{account}] in config.toml",
            ),
        )

    def members(self, name: str) -> tuple[str, ...]:
        """The accounts of a group `provider@group`, as `provider@account`; none where it is no group."""
        provider, _, group = name.partition("@")
        for one in self._groups(provider):
            if one.lower() == group.lower():
                return tuple(f"{provider}@{account}" for account in self.groups[one])
        return ()

    def _groups(self, provider: str) -> list[str]:
        return [name for name, own in self.groups.items() if self.providers.get(own[0]) == provider]


NO_ACCOUNTS = Accounts()
