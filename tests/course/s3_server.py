"""An S3 server on loopback that can be told to fail: moto's, behind a gate."""

import threading
from contextlib import contextmanager

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "course"


class Gate:
    """Lets requests pass; ``refuse(status, after, count)`` answers ``count`` of the coming ones with ``status``."""

    def __init__(self, application):
        self._application, self._plan, self.refused = application, iter(()), 0
        self._lock = threading.Lock()

    def refuse(self, status, after=0, count=1_000_000):
        """Only requests that write count."""
        self._plan = iter([None] * after + [status] * min(count, 10_000))

    def __call__(self, environ, start_response):
        with self._lock:
            status = next(self._plan, None) if environ["REQUEST_METHOD"] == "PUT" else None
        if status is None:
            return self._application(environ, start_response)
        self.refused += 1
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(status, [("Content-Type", "application/xml")])
        return [b"<Error><Code>" + status.split(" ", 1)[1].encode() + b"</Code><Message>refused</Message></Error>"]


class _Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


@contextmanager
def s3_server():
    """``(gate, environment)``: a server with one empty bucket, and the variables that lead boto3 to it."""
    gate = Gate(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, gate, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    client = boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    try:
        yield gate, environment
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
