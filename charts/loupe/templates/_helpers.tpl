{{- define "loupe.labels" -}}
app.kubernetes.io/part-of: loupe
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .name }}
{{- end }}

{{/* A password out of `secrets.stores`: whoever has one learns nothing of the others. */}}
{{- define "loupe.password" -}}
{{- printf "%s/%s" .root.Values.secrets.stores .name | sha256sum | trunc 40 }}
{{- end }}

{{/* Where Prometheus finds a pod's metrics: a port of their own, which no Service and no Ingress names. */}}
{{- define "loupe.scraped" -}}
prometheus.io/scrape: "true"
prometheus.io/port: "9464"
prometheus.io/path: /metrics
{{- end }}

{{- define "loupe.image" -}}
{{ .root.Values.images.registry }}{{ .root.Values.images.repository }}/{{ .name }}:{{ .root.Values.images.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "loupe.secretName" -}}
{{ .Values.secrets.existing | default (printf "%s-secrets" .Release.Name) }}
{{- end }}

{{/* What PSA `restricted` asks of a pod. */}}
{{- define "loupe.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "loupe.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "loupe.secretEnv" -}}
{{- $secret := include "loupe.secretName" .root }}
{{- range $variable, $key := .keys }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $key }}}}
{{- end }}
{{- end }}

{{/* Of every container of the service `name` that opens the stores: its own user's. */}}
{{- define "loupe.storeEnv" -}}
{{- include "loupe.secretEnv" (dict "root" .root "keys" (dict "LOUPE_MONGO_URL" "mongo-url" "LOUPE_STORE_PASSWORD" (printf "%s-password" .name))) }}
- {name: LOUPE_STORE_USER, value: {{ .name }}}
{{- $secret := include "loupe.secretName" .root }}
{{- /* Where an S3 names its users itself. */}}
- name: LOUPE_S3_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ .name }}-s3-access-key, optional: true}}
- name: LOUPE_S3_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ .name }}-s3-secret-key, optional: true}}
{{- if hasPrefix "SASL_" (include "loupe.kafkaProtocol" .root) }}
{{- include "loupe.secretEnv" (dict "root" .root "keys" (dict "LOUPE_KAFKA_SASL_USERNAME" "kafka-username" "LOUPE_KAFKA_SASL_PASSWORD" "kafka-password")) }}
{{- end }}
{{- end }}

{{/* The protocol of the broker's listener; combinations that could not work are refused. */}}
{{- define "loupe.kafkaProtocol" -}}
{{- $security := .Values.stores.kafka.security }}
{{- $sasl := hasPrefix "SASL_" $security.protocol }}
{{- if .Values.stores.trial }}PLAINTEXT
{{- else if not (has $security.protocol (list "PLAINTEXT" "SSL" "SASL_PLAINTEXT" "SASL_SSL")) }}
{{- fail "stores.kafka.security.protocol is one of PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL" }}
{{- else if and $sasl (not (has $security.mechanism (list "PLAIN" "SCRAM-SHA-256" "SCRAM-SHA-512"))) }}
{{- fail "stores.kafka.security.mechanism is needed with SASL: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512" }}
{{- else if and $security.mechanism (not $sasl) }}
{{- fail "stores.kafka.security.mechanism is only for the protocols SASL_PLAINTEXT and SASL_SSL" }}
{{- else if and $security.caSecret (not (hasSuffix "SSL" $security.protocol)) }}
{{- fail "stores.kafka.security.caSecret is only for the protocols SSL and SASL_SSL" }}
{{- else }}{{ $security.protocol }}{{ end }}
{{- end }}

{{/* What serves models in Triton, or nothing for the service's own default. */}}
{{- define "loupe.tritonBackend" -}}
{{- if not (has .Values.triton.backend (list "" "onnxruntime" "python")) }}
{{- fail "triton.backend is one of onnxruntime and python, or empty" }}
{{- end }}
{{- .Values.triton.backend }}
{{- end }}

{{/* The Secret with the broker's certificate, or nothing. */}}
{{- define "loupe.kafkaCaSecret" -}}
{{- if not .Values.stores.trial }}{{ .Values.stores.kafka.security.caSecret }}{{ end }}
{{- end }}

{{- define "loupe.kafkaCaMount" -}}
{{- if include "loupe.kafkaCaSecret" . }}
- {name: kafka-ca, mountPath: /etc/loupe-kafka, readOnly: true}
{{- end }}
{{- end }}

{{- define "loupe.kafkaCaVolume" -}}
{{- with include "loupe.kafkaCaSecret" . }}
- name: kafka-ca
  secret: {secretName: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}

{{- define "loupe.placement" -}}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "loupe.kafkaServers" -}}
{{- if .Values.stores.trial }}{{ .Release.Name }}-kafka:9092{{ else }}{{ required "stores.kafka.servers is needed (or stores.trial=true)" .Values.stores.kafka.servers }}{{ end }}
{{- end }}

{{- define "loupe.s3Endpoint" -}}
{{- if .Values.stores.trial }}{{ .Release.Name }}-minio:9000{{ else }}{{ required "stores.s3.endpoint is needed (or stores.trial=true)" .Values.stores.s3.endpoint }}{{ end }}
{{- end }}

{{/* A training worker's pod: the same for a Job of the trainer and for a Deployment. */}}
{{- define "loupe.workerPod" -}}
automountServiceAccountToken: false
terminationGracePeriodSeconds: 60
securityContext: {{- include "loupe.podSecurity" . | nindent 2 }}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.training.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.training.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: worker
    image: {{ include "loupe.image" (dict "root" . "name" "trainer") }}
    imagePullPolicy: {{ .Values.images.pullPolicy }}
    args: [work]
    ports:
      - {name: metrics, containerPort: 9464}
    securityContext: {{- include "loupe.containerSecurity" . | nindent 6 }}
    envFrom:
      - configMapRef: {name: {{ .Release.Name }}-settings}
    env:
      {{- include "loupe.storeEnv" (dict "root" . "name" "trainer") | nindent 6 }}
      - name: LOUPE_TRAINER_USE_HUB
        value: "false"
      {{- if eq .Values.training.executor "kubernetes" }}
      - name: LOUPE_TRAINER_ONE_TRAINING
        value: "true"
      {{- end }}
      {{- include "loupe.broughtEnv" . | nindent 6 }}
    resources:
      requests: {{- toYaml .Values.training.resources.requests | nindent 8 }}
      limits:
        {{- toYaml .Values.training.resources.limits | nindent 8 }}
        {{- if .Values.training.gpu }}
        nvidia.com/gpu: {{ .Values.training.gpu }}
        {{- end }}
    startupProbe:
      exec: {command: [python, docker/alive.py]}
      periodSeconds: 5
      timeoutSeconds: 5
      failureThreshold: 36
    livenessProbe:
      exec: {command: [python, docker/alive.py]}
      periodSeconds: 20
      timeoutSeconds: 10
      failureThreshold: 6
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      - {name: data, mountPath: /data}
      - {name: shm, mountPath: /dev/shm}
      {{- include "loupe.kafkaCaMount" . | nindent 6 }}
      {{- include "loupe.broughtMounts" . | nindent 6 }}
volumes:
  - name: tmp
    emptyDir: {}
  - name: data
    emptyDir: {sizeLimit: {{ .Values.training.scratch }}}
  - name: shm
    emptyDir: {medium: Memory, sizeLimit: 2Gi}
  {{- include "loupe.kafkaCaVolume" . | nindent 2 }}
  {{- include "loupe.broughtVolumes" . | nindent 2 }}
{{- end }}

{{- /* What an operator brings along for trainings: the trainer offers it, its workers use it. */}}
{{- define "loupe.broughtEnv" -}}
{{- if .Values.training.weightsClaim }}
- {name: LOUPE_WEIGHTS, value: /weights}
{{- end }}
{{- if .Values.training.pluginsClaim }}
- {name: LOUPE_PLUGINS, value: /plugins}
{{- end }}
{{- end }}

{{- define "loupe.broughtMounts" -}}
{{- if .Values.training.weightsClaim }}
- {name: weights, mountPath: /weights, readOnly: true}
{{- end }}
{{- if .Values.training.pluginsClaim }}
- {name: plugins, mountPath: /plugins, readOnly: true}
{{- end }}
{{- end }}

{{- define "loupe.broughtVolumes" -}}
{{- if .Values.training.weightsClaim }}
- name: weights
  persistentVolumeClaim: {claimName: {{ .Values.training.weightsClaim }}, readOnly: true}
{{- end }}
{{- if .Values.training.pluginsClaim }}
- name: plugins
  persistentVolumeClaim: {claimName: {{ .Values.training.pluginsClaim }}, readOnly: true}
{{- end }}
{{- end }}
