"""A dependency that hangs is told as one that is down before the handler's own deadline passes."""

from shared.blobs import minio
from shared.documents import mongo
from shared.events.handler import HandlingLimits

HANDLER_S = HandlingLimits().handler_s


def test_a_document_store_that_hangs_is_down_in_time() -> None:
    options = mongo._CLIENT_OPTIONS
    tries = 2 if options["retryWrites"] else 1
    one_try = options["serverSelectionTimeoutMS"] + options["socketTimeoutMS"]
    assert (options["waitQueueTimeoutMS"] + tries * one_try) / 1000 < HANDLER_S


def test_a_blob_store_that_hangs_is_down_in_time() -> None:
    server = minio.S3Server("localhost:9", "user", "secret")
    options = minio.MinioBlobs(server, "bucket")._pool.connection_pool_kw
    one_try = options["timeout"].connect_timeout + options["timeout"].read_timeout
    tries = 1 + options["retries"].total
    assert minio._WAIT_S + tries * one_try < HANDLER_S
