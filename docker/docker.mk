# Container images and the composed platform; included by the Makefile.
#   make images                 bases from the registries you have
#   make images BASE=local      bases by debootstrap, servers from `make servers-install`
#   CA=/path/ca.pem             certificates of an inspecting proxy, as a build secret
DOCKER ?= docker
COMPOSE ?= docker compose
TAG ?= local
BASE ?= hub
CA ?=
IMAGE_SERVICES := workspace gallery tiling annotation evaluator inference
DOCKER_BUILD = DOCKER_BUILDKIT=1 $(DOCKER) build -q $(if $(CA),--secret id=ca$(comma)src=$(CA))
comma := ,

ifeq ($(BASE),local)
IMAGE_ARGS := --build-arg PYTHON_IMAGE=loupe-local/python:bookworm
SERVER_ARGS := --build-arg STAGE=prebuilt --build-arg BASE_IMAGE=loupe-local/debian:bookworm \
	--build-arg JRE_IMAGE=loupe-local/jre:bookworm --build-arg WEB_IMAGE=loupe-local/web:bookworm \
	--build-arg NODE_IMAGE=loupe-local/debian:bookworm --build-arg GO_IMAGE=loupe-local/debian:bookworm \
	--build-arg MAVEN_IMAGE=loupe-local/jre:bookworm
TRITON_ARGS := --target wheel $(IMAGE_ARGS) --build-arg TRITON_IMAGE=loupe-local/python:bookworm
IMAGE_BASES := image-bases-local
else
TRITON_ARGS := --target upstream
IMAGE_BASES :=
endif

.PHONY: images images-servers image-bases-local compose-env e2e-compose $(IMAGE_SERVICES:%=image-%) image-trainer image-triton image-console
images: $(IMAGE_SERVICES:%=image-%) image-trainer image-triton image-console images-servers ## build every container image (BASE=local: without a registry)

$(IMAGE_SERVICES:%=image-%): image-%: $(IMAGE_BASES)
	@echo "$* $$($(DOCKER_BUILD) -f docker/python.Dockerfile $(IMAGE_ARGS) --build-arg SERVICE=$* -t loupe/$*:$(TAG) .)"

image-trainer: $(IMAGE_BASES)
	@echo "trainer $$($(DOCKER_BUILD) -f docker/torch.Dockerfile $(IMAGE_ARGS) -t loupe/trainer:$(TAG) .)"

image-triton: $(IMAGE_BASES)
	@echo "triton $$($(DOCKER_BUILD) -f docker/triton.Dockerfile $(TRITON_ARGS) -t loupe/triton:$(TAG) .)"

image-console: $(IMAGE_BASES) $(if $(filter local,$(BASE)),console)
	@echo "console $$($(DOCKER_BUILD) -f docker/console.Dockerfile $(SERVER_ARGS) -t loupe/console:$(TAG) .)"

images-servers: $(IMAGE_BASES)
	@for name in $(if $(filter local,$(BASE)),kafka documents) minio; do \
		echo "$$name $$($(DOCKER_BUILD) -f docker/$$name.Dockerfile $(SERVER_ARGS) -t loupe/$$name:$(TAG) .)" || exit 1; done

image-bases-local: servers-install
	@DOCKER="$(DOCKER)" sh docker/local-base.sh
	@$(SERVERS_PYTHON) -m tests.servers collect

compose-env: $(SERVERS_ENV) ## write .env with fresh secrets for docker compose (keeps one that is there)
	@$(SERVERS_PYTHON) docker/compose_env.py $(if $(filter local,$(BASE)),--local)

e2e-compose: $(SERVERS_ENV) ## the whole loop against the composed containers, killing each of them in turn
	@COMPOSE="$(COMPOSE)" DOCKER="$(DOCKER)" $(SERVERS_PYTHON) -m tests.compose
