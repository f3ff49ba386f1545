"""Routes of API keys: administrators make them, list them and take them back."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.workspace.api.schemas import KeyCreate, KeyResponse, MadeKeyResponse
from services.workspace.handlers.key_list import KeyList
from services.workspace.handlers.revocations import Revocations
from shared.clock import utc_now
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.use_cases import use
from shared.paging import Page

router = APIRouter(tags=["keys"])

Asked = Annotated[Revocations, Depends(use(Revocations))]
Listed = Annotated[KeyList, Depends(use(KeyList))]


@router.get("/keys")
async def list_keys(who: Who, known: Listed, paging: Paging) -> Page[KeyResponse]:
    """List the tenant's API keys, newest first, revoked and expired ones too."""
    return (await known.page(who, paging)).map(KeyResponse.of)


@router.post("/keys", status_code=201)
async def create_key(who: Who, body: KeyCreate, keys: Asked, known: Listed) -> MadeKeyResponse:
    """Make an API key; its text is told here alone and stored nowhere."""
    ends = body.expires_at(utc_now())
    made = await keys.make_key(who, name=body.name, role=body.role, expires_at=ends)
    seen = KeyResponse.of(await known.seen(who, made.key))
    return MadeKeyResponse(**seen.model_dump(), api_key=made.text)


@router.post("/keys/{key_id}:revoke")
async def revoke_key(key_id: str, who: Who, keys: Asked, known: Listed) -> KeyResponse:
    """Take a key back for ever, with all of its tokens; again is harmless.

    Every service refuses its tokens within ten seconds, and streams that they opened end.
    """
    return KeyResponse.of(await known.seen(who, await keys.revoke_key(who, key_id)))


@router.post("/keys/{key_id}:end-tokens")
async def end_tokens(key_id: str, who: Who, keys: Asked, known: Listed) -> KeyResponse:
    """Take back all tokens that a key gave until now; the key goes on and gives new ones."""
    return KeyResponse.of(await known.seen(who, await keys.end_tokens(who, key_id)))
