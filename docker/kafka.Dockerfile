# A KRaft broker from its published jars, for sites without a registry. It takes the same KAFKA_*
# variables as the upstream image. STAGE=prebuilt takes the jars of `make servers-install`.
ARG MAVEN_IMAGE=maven:3.9.11-eclipse-temurin-17
ARG JRE_IMAGE=eclipse-temurin:17.0.17_10-jre-jammy
ARG STAGE=build

FROM ${MAVEN_IMAGE} AS build
WORKDIR /pins
COPY tests/servers/kafka ./
RUN mvn -B -q -C dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=/jars \
 && cd /jars && sha256sum --quiet -c /pins/kafka.sha256

FROM scratch AS prebuilt
COPY .servers/images/kafka /jars

FROM ${STAGE} AS chosen

FROM ${JRE_IMAGE}
LABEL org.opencontainers.image.title="loupe-kafka" org.opencontainers.image.licenses="Apache-2.0"
RUN mkdir -p /var/lib/kafka/data && chown 10001:10001 /var/lib/kafka/data
COPY --from=chosen /jars /opt/kafka/libs
COPY docker/kafka/run.sh /opt/kafka/run.sh
COPY docker/kafka/healthy.sh /opt/loupe/healthy.sh
ENV KAFKA_LOG_DIRS=/var/lib/kafka/data CLUSTER_ID=bG91cGUtdGVzdC1rYWZrYQ KAFKA_HEAP_OPTS="-Xmx512m"
USER 10001:10001
VOLUME /var/lib/kafka/data
EXPOSE 9092
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["bash", "/opt/loupe/healthy.sh"]
ENTRYPOINT ["/bin/sh", "/opt/kafka/run.sh"]
