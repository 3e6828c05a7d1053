"""Publishing a release elsewhere: a Hugging Face dataset repository, or an S3-compatible bucket.

Their own libraries do it and find their credentials where they always do. Nothing is sent unless it is asked for.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from storage.exports.index import INDEX
from storage.exports.manifest import MANIFEST, SUMS, Manifest, ReleaseError, check_files, list_releases
from storage.exports.withdrawal import WITHDRAWN, list_withdrawn

LIBRARIES = {"hf": "huggingface_hub", "s3": "boto3"}


def run_push(root: Path, service: str, place: str, *, for_real: bool) -> None:
    """Upload the newest release in `root`, or list what would be uploaded; any failure is one clear line."""
    if importlib.util.find_spec(LIBRARIES[service]) is None:
        raise click.ClickException(f"--push {service} needs {LIBRARIES[service]}: pip install -e '.[research]'")
    try:
        releases = list_releases(root)
        if not releases:
            raise ReleaseError(f"there is no release in {root}")
        newest = releases[-1]
        check_files(root / newest.release, newest)
    except ReleaseError as error:
        raise click.ClickException(str(error)) from error
    if not for_real:
        for path in paths_of(newest):
            click.echo(f"{(root / newest.release / path).stat().st_size:>14,}  {path}")
        click.echo(f"Nothing was uploaded. Add --for-real to publish {newest.release} at {service}:{place}.")
        return
    upload = {"hf": upload_to_hf, "s3": upload_to_s3}[service]
    try:
        upload(root, newest, place)
    except Exception as error:  # whatever the library raises, the operator wants its first line
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise click.ClickException(f"{service}:{place} refused: {reason}") from error
    click.echo(f"Published {newest.release} at {service}:{place}.")


def paths_of(manifest: Manifest) -> Iterator[str]:
    """Every file of the release, the manifest last: who finds it finds all it names."""
    yield from (file.path for file in manifest.files)
    yield from (SUMS, MANIFEST)


def upload_to_hf(root: Path, manifest: Manifest, place: str) -> None:
    """One commit that makes the repository this release, and a tag of its version.

    Where a withdrawn release was published, the history goes and this release alone stays. The tags of what was
    withdrawn tell that there is history to remove, so they go last: what was interrupted is begun anew.
    """
    from huggingface_hub import HfApi  # here, for most exports need none of it

    api = HfApi()
    api.create_repo(place, repo_type="dataset", exist_ok=True)
    api.upload_folder(
        repo_id=place,
        repo_type="dataset",
        folder_path=root / manifest.release,
        commit_message=f"Release {manifest.release}",
        delete_patterns=["*"],
    )
    tags = {ref.name for ref in api.list_repo_refs(place, repo_type="dataset").tags}
    withdrawn = tags & {f"v{gone.version}" for gone in list_withdrawn(root)}
    if withdrawn:
        api.super_squash_history(place, repo_type="dataset", commit_message=f"Release {manifest.release}")
        for tag in (*sorted(tags - withdrawn), *sorted(withdrawn)):  # each leads to commits from before
            api.delete_tag(place, repo_type="dataset", tag=tag)
    api.create_tag(place, repo_type="dataset", tag=f"v{manifest.version}", exist_ok=True)


def upload_to_s3(root: Path, manifest: Manifest, place: str) -> None:
    """Every file under PREFIX/RELEASE/, checked by the server, then the index; what was withdrawn here goes there."""
    import boto3  # as above

    bucket, _, prefix = place.partition("/")
    start = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    client = boto3.client("s3")
    folder = root / manifest.release
    for path in paths_of(manifest):
        client.upload_file(
            str(folder / path), bucket, f"{start}{manifest.release}/{path}", ExtraArgs={"ChecksumAlgorithm": "SHA256"}
        )
    client.upload_file(str(root / INDEX), bucket, f"{start}{INDEX}")
    for gone in list_withdrawn(root):
        _withdraw_from_s3(client, bucket, f"{start}{gone.release}/", root / gone.release / WITHDRAWN)


def _withdraw_from_s3(client: Any, bucket: str, prefix: str, record: Path) -> None:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [one["Key"] for page in pages for one in page.get("Contents", []) if one["Key"] != f"{prefix}{WITHDRAWN}"]
    if keys:  # the record first: what is left of the rest tells the next time that there is more to do
        client.upload_file(str(record), bucket, f"{prefix}{WITHDRAWN}")
    for key in keys:
        client.delete_object(Bucket=bucket, Key=key)
