"""Makes a user for each service in MongoDB and MinIO, each with rights of its own.

Run once beside fresh stores and again after an update: what is there already is brought up to date.
Who may what is in `docker/access.json`, which `python -m charts.access` writes. Variables, beside
LOUPE_MONGO_URL, LOUPE_MONGO_DATABASE, LOUPE_S3_ENDPOINT, LOUPE_S3_BUCKET and LOUPE_S3_SECURE:

LOUPE_MONGO_KEY: what the set's members show one another; who has it may everything.
LOUPE_S3_ROOT_USER, LOUPE_S3_ROOT_PASSWORD: of MinIO.
LOUPE_PASSWORD_<SERVICE>: of each service's user, who is called as the service is.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from minio import Minio, MinioAdmin
from minio.credentials import StaticProvider
from minio.error import MinioAdminException, MinioException
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from urllib3.exceptions import HTTPError

RIGHTS = Path(__file__).with_name("access.json")
_AGAIN_S = 2.0
_KNOWN = (51002, 51003)  # the role, the user is there already
_OWN = ["find", "insert", "update", "remove", "createIndex", "dropIndex", "listIndexes"]


def role_of(rights: dict[str, Any], database: str) -> list[dict[str, Any]]:
    """Return a service's privileges in MongoDB: its own collections, and what it may look at."""
    own = [
        {"resource": {"db": database, "collection": name}, "actions": _OWN}
        for name in rights["collections"]
    ]
    if rights["reads_all"]:
        everything = {"db": database, "collection": ""}
        own.append({"resource": everything, "actions": ["find", "listCollections"]})
    return own


def policy_of(rights: dict[str, Any], bucket: str) -> dict[str, Any]:
    """Return the policy of a service in S3: the bucket's blobs, without what others keep apart."""
    place = f"arn:aws:s3:::{bucket}"
    statements = [
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
            "Resource": [place],
        },
        {
            "Effect": "Allow",
            "Action": [f"s3:{action}" for action in rights["blobs"]],
            "Resource": [f"{place}/t/*"],
        },
    ]
    if rights["closed"]:
        statements.append(
            {
                "Effect": "Deny",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": [f"{place}/t/*/*/{folder}/*" for folder in rights["closed"]],
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


class Access:
    """The stores as who may everything sees them."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables
        self._database = variables.get("LOUPE_MONGO_DATABASE") or "loupe"
        self._bucket = variables.get("LOUPE_S3_BUCKET") or "loupe"

    def give(self) -> None:
        """Make users, roles and policies.

        Raises:
            KeyError: a variable is missing.
            PyMongoError, MinioException, MinioAdminException, HTTPError: a store does not answer.
        """
        services = json.loads(RIGHTS.read_text())
        passwords = {name: self._variables[f"LOUPE_PASSWORD_{name.upper()}"] for name in services}
        self._documents(services, passwords)
        self._blobs(services, passwords)

    def _documents(self, services: dict[str, Any], passwords: dict[str, str]) -> None:
        with MongoClient[dict[str, Any]](
            self._variables["LOUPE_MONGO_URL"],
            username="__system",
            password="".join(self._variables["LOUPE_MONGO_KEY"].split()),
            authSource="local",
            directConnection=True,
            serverSelectionTimeoutMS=4_000,
        ) as client:
            if client.admin.command("hello").get("isreplicaset"):
                member = {"_id": 0, "host": f"localhost:{(client.address or ('', 27017))[1]}"}
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
            while not client.admin.command("hello")["isWritablePrimary"]:
                time.sleep(0.2)
            database = client[self._database]
            for name, rights in services.items():
                role = {"privileges": role_of(rights, self._database), "roles": []}
                _made(database, "Role", name, role)
                _made(database, "User", name, {"pwd": passwords[name], "roles": [name]})

    def _blobs(self, services: dict[str, Any], passwords: dict[str, str]) -> None:
        endpoint = self._variables["LOUPE_S3_ENDPOINT"]
        user = self._variables["LOUPE_S3_ROOT_USER"]
        password = self._variables["LOUPE_S3_ROOT_PASSWORD"]
        secure = self._variables.get("LOUPE_S3_SECURE") == "true"
        client = Minio(endpoint, access_key=user, secret_key=password, secure=secure)
        if not client.bucket_exists(self._bucket):
            client.make_bucket(self._bucket)
        admin = MinioAdmin(
            endpoint=endpoint, credentials=StaticProvider(user, password), secure=secure
        )
        for name, rights in services.items():
            admin.policy_add(f"loupe-{name}", policy=policy_of(rights, self._bucket))
            admin.user_add(name, passwords[name])
            admin.policy_set(f"loupe-{name}", user=name)


def _made(database: Any, kind: str, name: str, what: dict[str, Any]) -> None:  # noqa: ANN401
    try:
        database.command(f"create{kind}", name, **what)
    except OperationFailure as error:
        if error.code not in _KNOWN:
            raise
        database.command(f"update{kind}", name, **what)


def main() -> int:
    """Give every service its rights; try again while a store does not answer."""
    access = Access(dict(os.environ))
    while True:
        try:
            access.give()
        except KeyError as error:
            sys.stderr.write(f"{error.args[0]} is not set\n")
            return 1
        except (PyMongoError, MinioException, MinioAdminException, HTTPError, OSError) as error:
            sys.stderr.write(f"waiting: {error}\n")
            time.sleep(_AGAIN_S)
        else:
            sys.stdout.write("every service has its rights\n")
            return 0


if __name__ == "__main__":
    sys.exit(main())
