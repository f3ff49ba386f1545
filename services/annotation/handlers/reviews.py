"""The use case of reviewing: what is said of an annotation, each word one document write."""

from services.annotation.domain.reviews import MOST_WORDS, Review, Word, check_word
from services.annotation.errors import AlreadyAccepted, NothingToReview
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.annotations import AnnotatedView
from services.annotation.repository import Annotation
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.annotation_events import AnnotationReviewed
from shared.documents.port import Write
from shared.images.directory import ImageDirectory
from shared.projects.directory import ProjectDirectory


class Reviews:
    """Words about annotations."""

    def __init__(
        self,
        *,
        projects: ProjectDirectory,
        images: ImageDirectory,
        store: AnnotationStore,
        clock: Clock = utc_now,
    ) -> None:
        self._projects = projects
        self._images = images
        self._store = store
        self._clock = clock

    async def say(
        self,
        author: Caller,
        project_id: str,
        image_id: str,
        word: Word,
        comment: str,
        *,
        expected: int | None = None,
    ) -> AnnotatedView:
        """Say something of an image's annotation; the same again changes nothing.

        Raises:
            Forbidden: It accepts or returns, and the author is no engineer.
            InvalidInput: It returns, and gives no reason.
            NothingToReview: The image is not annotated.
            AlreadyAccepted: It hands in what is accepted as it is.
            VersionConflict: `expected` is not the stored version.
            NotFound: There is no such image.
        """
        check_word(author, word, comment)
        await self._projects.require(author.tenant, project_id)
        image = await self._images.require(author.tenant, project_id, image_id)

        def step(old: Annotation) -> Write[Annotation] | None:
            if not old.annotated:
                raise NothingToReview("annotate the image first, or say that it shows none")
            if word == "submitted" and old.review == "accepted":
                raise AlreadyAccepted("it is accepted as it is; a change makes it a draft again")
            said = Review(
                word=word,
                author=author.subject,
                role=author.role,
                at=self._clock(),
                comment=comment,
                drawn_version=old.drawn_version,
            )
            if old.reviews and old.review == word and _is_same(old.reviews[-1], said):
                return None
            reviews = (*old.reviews, said)[-MOST_WORDS:]
            told = AnnotationReviewed(
                project_id=project_id, image_id=image_id, review=word, author=author.subject
            )
            return Write(old.model_copy(update={"reviews": reviews}), [told])

        return AnnotatedView(image, await self._store.note(image, step, expected=expected))


def _is_same(last: Review, said: Review) -> bool:
    return last.model_copy(update={"at": said.at}) == said
