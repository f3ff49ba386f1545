{{- define "loupe.labels" -}}
app.kubernetes.io/part-of: loupe
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .name }}
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

{{/* Of every container that opens the stores. */}}
{{- define "loupe.storeEnv" -}}
{{- include "loupe.secretEnv" (dict "root" . "keys" (dict "LOUPE_TOKEN_SECRET" "token-secret" "LOUPE_MONGO_URL" "mongo-url" "LOUPE_S3_ACCESS_KEY" "s3-access-key" "LOUPE_S3_SECRET_KEY" "s3-secret-key")) }}
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
    securityContext: {{- include "loupe.containerSecurity" . | nindent 6 }}
    envFrom:
      - configMapRef: {name: {{ .Release.Name }}-settings}
    env:
      {{- include "loupe.storeEnv" . | nindent 6 }}
      - name: LOUPE_TRAINER_USE_HUB
        value: "false"
      {{- if eq .Values.training.executor "kubernetes" }}
      - name: LOUPE_TRAINER_ONE_TRAINING
        value: "true"
      {{- end }}
      {{- if .Values.training.weightsClaim }}
      - name: LOUPE_WEIGHTS
        value: /weights
      {{- end }}
    resources:
      requests: {{- toYaml .Values.training.resources.requests | nindent 8 }}
      limits:
        {{- toYaml .Values.training.resources.limits | nindent 8 }}
        {{- if .Values.training.gpu }}
        nvidia.com/gpu: {{ .Values.training.gpu }}
        {{- end }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      - {name: data, mountPath: /data}
      - {name: shm, mountPath: /dev/shm}
      {{- if .Values.training.weightsClaim }}
      - {name: weights, mountPath: /weights, readOnly: true}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  - name: data
    emptyDir: {sizeLimit: {{ .Values.training.scratch }}}
  - name: shm
    emptyDir: {medium: Memory, sizeLimit: 2Gi}
  {{- if .Values.training.weightsClaim }}
  - name: weights
    persistentVolumeClaim: {claimName: {{ .Values.training.weightsClaim }}, readOnly: true}
  {{- end }}
{{- end }}
