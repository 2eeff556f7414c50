"""Other addresses that a new destination has to do with, looked at before they are written into the settings file."""

from __future__ import annotations

from logferry_daemon.core.reaching import reason_against_host
from logferry_daemon.core.services import reason_against_service, reason_against_tokens
from logferry_ipc.messages import NewDestination
from logferry_model.errors import Misconfigured


def check_hosts(wanted: NewDestination) -> None:
    """Misconfigured where one of them is none, or the dialect uploads to no other host."""
    for host in wanted.upload_hosts:
        if reason := reason_against_host(host):
            hint = "As in: --upload-host my-bucket.s3.eu-central-1.amazonaws.com"
            raise Misconfigured("host-refused", f'"{host}" cannot be a host for uploads: {reason}.', hint=hint)
    if reason := reason_against_tokens(wanted.dialect, wanted.token_url):
        said = f"{wanted.name} cannot have tokens made of its key there: {reason}."
        raise Misconfigured("host-refused", said, hint="As in: --token-url https://securetoken.googleapis.com/v1/token")
    if reason := reason_against_service(wanted.dialect, wanted.url.rstrip("/"), wanted.upload_hosts):
        said = f"{wanted.name} cannot have hosts for uploads: {reason.partition(': ')[2]}."
        raise Misconfigured("host-refused", said, hint="Leave --upload-host out.")
