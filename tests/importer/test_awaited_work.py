"""What DigitalOcean's documents say of work that goes on: everything that is said to be watched can be."""

import pytest

from sqloud.registry.catalogue import Catalogue
from sqloud.settings import shipped

CATALOGUE = Catalogue([shipped("providers")], None)
METHODS = {
    f"{service}.{resource.name.resource}.{method.name}": method
    for service, _ in CATALOGUE.provider("digitalocean").services
    for resource in CATALOGUE.service("digitalocean", service).resources
    for method in resource.methods
}
WATCHED = {name: method.awaits for name, method in METHODS.items() if method.awaits is not None}


@pytest.mark.parametrize("name", sorted(WATCHED))
def test_what_is_watched_can_be_asked(name: str) -> None:
    awaits = WATCHED[name]
    watched = METHODS[awaits.method]
    own = {parameter.name for parameter in METHODS[name].parameters}
    assert watched.http_verb == "GET"
    assert {one.name for one in watched.required} <= own | {one for one, _ in awaits.values}
    assert awaits.absent or awaits.done
    assert awaits.status, "what has no status would be told as its whole answer"


@pytest.mark.parametrize(
    ("table", "method", "by", "done"),
    [
        ("droplets.droplets", "droplets_create", "actions.actions.actions_get", "completed"),
        ("droplets.actions", "droplet_actions_post", "actions.actions.actions_get", "completed"),
        ("databases.database_clusters", "databases_create_cluster", "databases_get_cluster", "online"),
        ("kubernetes.clusters", "kubernetes_create_cluster", "kubernetes_get_cluster", "running"),
        ("load_balancers.load_balancers", "load_balancers_create", "load_balancers_get", "active"),
        ("certificates.certificates", "certificates_create", "certificates_get", "verified"),
        ("images.images", "images_create_custom", "images_get", "available"),
        ("apps.apps", "apps_create", "apps.deployments.apps_get_deployment", "ACTIVE"),
    ],
)
def test_the_usual_work_is_watched(table: str, method: str, by: str, done: str) -> None:
    watched = by if "." in by else f"{table}.{by}"
    assert (WATCHED[f"{table}.{method}"].method, WATCHED[f"{table}.{method}"].done) == (watched, (done,))


def test_a_put_may_be_sent_again_and_nothing_else_that_writes() -> None:
    for method in METHODS.values():
        assert method.idempotent == (method.verb == "select" or method.http_verb == "PUT"), method.name


def test_an_identifier_in_a_path_says_what_it_refers_to() -> None:
    named = [
        one.refers_to for method in METHODS.values() for one in method.parameters if one.location == "path"
    ]
    assert sum(one is not None for one in named) / len(named) > 0.9
