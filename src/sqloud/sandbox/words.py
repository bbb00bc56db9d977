"""What fields are called, and what such a field usually holds.

Law: everything here is a constant; the first word that is found in a field's name decides.
"""

from __future__ import annotations

from random import Random

from sqloud.sandbox.digitalocean.places import moment

__all__ = ["BEGINNINGS", "ENDINGS", "FORMS", "MOMENT_WORDS", "NUMBERS", "TEXTS", "moment_of"]

BEGINNINGS = (
    "new",
    "creating",
    "provisioning",
    "pending",
    "queued",
    "requested",
    "in_progress",
    "validating",
    "waiting",
    "importing",
    "configuring",
)
"""States in which things begin, the likeliest first; in small letters, with underscores."""

ENDINGS = (
    "active",
    "online",
    "running",
    "available",
    "ready",
    "verified",
    "provisioned",
    "completed",
    "succeeded",
    "success",
    "successful",
    "done",
    "up",
    "healthy",
    "joined",
    "approved",
    "open",
    "ok",
    "deployed",
)
"""States in which things are ready, the likeliest first."""

FORMS = (
    "{u}",
    "203.0.113.{n}",
    "service-{n}.example.com",
    "do:droplet:3164444",
    "do:kubernetes:{u}",
    "do:dbaas:{u}",
    "do:domain:example.com",
    "do:volume:{u}",
    "nyc3",
    "example{n}",
    "/service-{n}",
    "0{n}:00",
    "+15550100",
    "0000000{n}",
    "5m",
    "10",
)
"""Texts to try where a pattern takes none of the usual ones."""

MOMENT_WORDS = ("_at", "_time", "_date", "timestamp")

NUMBERS: tuple[tuple[str, tuple[float, float]], ...] = (
    ("percent", (0, 100)),
    ("port", (1024, 49151)),
    ("ttl", (300, 3600)),
    ("price", (4, 96)),
    ("cost", (1, 40)),
    ("amount", (1, 200)),
    ("vcpu", (1, 8)),
    ("cpu", (1, 8)),
    ("memory", (1024, 16384)),
    ("disk", (25, 320)),
    ("bytes", (1_000_000, 900_000_000)),
    ("gib", (10, 250)),
    ("gigabytes", (10, 250)),
    ("_mib", (1024, 61440)),
    ("hour", (0, 23)),
    ("minute", (0, 59)),
    ("priority", (1, 20)),
    ("count", (1, 4)),
    ("num_nodes", (1, 3)),
    ("nodes", (1, 5)),
    ("asn", (64512, 65534)),
    ("id", (100000, 999999)),
)
"""Lowest and highest of a number, by a part of its field's name."""

_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nc2ltdWxhdGVkIHtufQ==\n-----END CERTIFICATE-----\n"

TEXTS: tuple[tuple[str, str], ...] = (
    ("email", "sam{n}@example.com"),
    ("ip_range", "10.{k}.0.0/20"),
    ("subnet", "10.{k}.0.0/16"),
    ("cidr", "10.{k}.0.0/16"),
    ("prefix", "203.0.113.0/24"),
    ("ipv4", "203.0.113.{k}"),
    ("ipv6", "2001:db8::{k}"),
    ("ip_address", "203.0.113.{k}"),
    ("gateway_ip", "203.0.113.{k}"),
    ("router_ip", "169.254.0.{k}/29"),
    ("netmask", "255.255.255.0"),
    ("fingerprint", "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:{k:02x}"),
    ("public_key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{h} sam@example.com"),
    ("certificate", _CERTIFICATE.format(n=1)),
    ("connection_string", "postgres://doadmin:not-a-secret@db-{n}.example.com:25060/defaultdb"),
    ("uri", "https://service-{n}.example.com/{h}"),
    ("url", "https://service-{n}.example.com/{h}"),
    ("ingress", "https://service-{n}.example.com"),
    ("endpoint", "service-{n}.example.com"),
    ("fqdn", "service-{n}.example.com"),
    ("hostname", "host-{n}.example.com"),
    ("host", "host-{n}.example.com"),
    ("domain", "service-{n}.example.com"),
    ("origin", "static-{n}.nyc3.digitaloceanspaces.com"),
    ("password", "not-a-secret-{h}"),
    ("secret", "not-a-secret-{h}"),
    ("token", "not-a-secret-{h}"),
    ("access_key", "AK{h}"),
    ("api_key", "not-a-secret-{h}"),
    ("urn", "do:droplet:3164444"),
    ("digest", "sha256:{h}{h}{h}{h}{h}{h}{h}{h}"),
    ("commit_hash", "{h}{h}{h}{h}{h}"),
    ("sha", "{h}{h}{h}{h}{h}"),
    ("db_name", "defaultdb"),
    ("database_name", "defaultdb"),
    ("semantic_version", "1.{n}.0"),
    ("version", "1.{n}"),
    ("period", "2025-0{n}"),
    ("month_to_date", "{k}.50"),
    ("balance", "{k}.00"),
    ("amount", "{k}.25"),
    ("cost", "{k}.10"),
    ("price", "{k}.00"),
    ("duration", "3600s"),
    ("cron", "0 4 * * *"),
    ("phone", "+1 555 0100"),
    ("country", "US"),
    ("city", "New York"),
    ("weekday", "monday"),
    ("day", "monday"),
    ("hour", "04:00"),
    ("date", "2025-06-{n:02d}"),
    ("message", "everything is as it should be"),
    ("description", "number {n} of its kind"),
    ("reason", "planned"),
    ("currency", "USD"),
    ("unit", "gib"),
    ("branch", "main"),
    ("repo", "example/service-{n}"),
    ("path", "/service-{n}"),
    ("timezone", "UTC"),
)
"""What a text says, by a part of its field's name: n counts the rows, k is a number, h are eight digits."""


def moment_of(name: str, dice: Random) -> str:
    """A moment for a field of this name: things are updated and ended after they were created."""
    day = dice.randint(300, 640)
    late = any(word in name for word in ("updated", "ended", "end", "completed", "expires", "next", "last"))
    return moment(day + (400 if late else 0), dice.randint(0, 86399))
