"""Settings of the inference service."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import StoreSettings


class InferenceSettings(BaseSettings):
    """Which Triton serves, and how much may be asked of it at once.

    An empty ``triton_url`` starts the embedded server (x86-64 Linux); else it is the gRPC endpoint
    of a Triton that reads ``model_folder``: ``unix:`` and the path of a socket that the two share,
    or ``host:port`` with the ``triton_key`` to which its operator restricted all protocols.
    ``threads`` 0 takes every core that this process may use. ``staging`` is a local folder for
    files from outside, by default beside the data; each of ``decoders`` children that open them may
    take ``decoder_mib``. Images that annotators click on, with what clicks on them may mean, are
    kept up to ``clicked_mib``.
    """

    model_config = SettingsConfigDict(
        env_prefix="LOUPE_INFERENCE_", frozen=True, extra="ignore", protected_namespaces=()
    )

    triton_url: str = ""
    triton_key: SecretStr = SecretStr("")
    model_folder: Path | None = None
    backend: Literal["python", "onnxruntime"] | None = None
    device: Literal["cpu", "gpu"] = "cpu"
    instances: int = Field(default=1, ge=1, le=16)
    threads: int = Field(default=0, ge=0, le=256)
    keep_versions: int = Field(default=2, ge=1, le=10)
    reconcile_s: float = Field(default=10.0, gt=0)
    retry_budget_s: float = Field(default=20.0, gt=0)
    concurrency: int = Field(default=4, ge=1, le=256)
    queue_length: int = Field(default=64, ge=0)
    decode_budget_mib: int = Field(default=1536, ge=64)
    staging: Path | None = None
    decoders: int = Field(default=min(4, os.cpu_count() or 1), ge=1, le=64)
    decoder_mib: int = Field(default=1536, ge=64)
    clicked_mib: int = Field(default=256, ge=0)

    def staging_folder(self) -> Path:
        """Return the folder for files from outside while they are looked at."""
        return self.staging or StoreSettings().data / "staging" / "inference"

    @property
    def threads_per_operator(self) -> int:
        """Threads within one operator of a model on the CPU."""
        return self.threads or len(os.sched_getaffinity(0))

    @property
    def served_backend(self) -> Literal["python", "onnxruntime"]:
        """The backend in use: ours in the embedded server, ONNX Runtime's on a Triton image."""
        return self.backend or ("onnxruntime" if self.triton_url else "python")
