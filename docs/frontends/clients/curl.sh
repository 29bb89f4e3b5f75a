#!/bin/sh
# A message through the HTTP door by curl: OTKLIK_HTTP=… OTKLIK_KEY=… sh curl.sh "Как получить справку?"
# The key goes by standard input, so that no list of processes shows it. Repeats are safe: (frontend, external_id) makes one request.
# The text may hold no quotation marks here: a real program lets a JSON library write it.
set -eu

body=$(cat <<JSON
{
  "external_id": "${MESSAGE_ID:-$(date +%s)-$$}",
  "received_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "dialogue": "ivanova@example.org",
  "sender": {"name": "Иванова Анна Петровна"},
  "contacts": {"email": "ivanova@example.org"},
  "text": "$1"
}
JSON
)
printf 'header = "Authorization: Bearer %s"\n' "$OTKLIK_KEY" | curl --config - --silent --show-error \
    --retry 5 --max-time 30 --header 'Content-Type: application/json' --data-binary "$body" "$OTKLIK_HTTP/v1/messages"
echo
