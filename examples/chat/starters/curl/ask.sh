#!/usr/bin/env bash
# Asks a question and prints the answer while it is written, with nothing but curl and openssl:
#   ./ask.sh "How does recovery work?"
# SOCKUDO_URL is where the server is, CHANNEL the conversation. Whoever works on the channel answers (see README.md).
set -euo pipefail

url=${SOCKUDO_URL:-http://app-key:app-secret@127.0.0.1:6001/apps/app-id}
channel=${CHANNEL:-ai-demo}
question=${1:?Usage: ask.sh QUESTION}
[[ $url =~ ^(https?)://([^:]+):([^@]+)@([^/]+)(/apps/.+)$ ]] || { echo "SOCKUDO_URL is no address with a key and a secret" >&2; exit 2; }
origin="${BASH_REMATCH[1]}://${BASH_REMATCH[4]}" key=${BASH_REMATCH[2]} secret=${BASH_REMATCH[3]} app=${BASH_REMATCH[5]}

# The address of a signed request: METHOD PATH [MD5 of the body].
signed() {
  local query="auth_key=$key&auth_timestamp=$(date +%s)&auth_version=1.0${3:+&body_md5=$3}"
  local signature
  signature=$(printf '%s\n%s\n%s' "$1" "$app$2" "$query" | openssl dgst -sha256 -hmac "$secret" | sed 's/.* //')
  echo "$origin$app$2?$query&auth_signature=$signature"
}

# A text as JSON: in quotes, with what has to be escaped.
json() { printf '"%s"' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/\t/\\t/g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }')"; }

# The member of a frame that is a string, as text.
member() {
  local value
  value=$(printf '%s' "$2" | sed -nE "s/.*\"$1\":\"(([^\"\\\\]|\\\\.)*)\".*/\1/p")
  printf '%b' "${value//\\\//\/}"
}

run="run-$(openssl rand -hex 8)"

ask() {
  local transport="{\"run-id\":\"$run\",\"codec-message-id\":\"$run-question\",\"role\":\"user\",\"input-client-id\":\"curl\"}"
  local body="{\"name\":\"ai-input\",\"channel\":\"$channel\",\"data\":$(json "$question"),\"extras\":{\"ai\":{\"transport\":$transport,\"codec\":{\"type\":\"text\"}}}}"
  local md5
  md5=$(printf '%s' "$body" | openssl dgst -md5 | sed 's/.* //')
  curl --silent --fail --show-error --output /dev/null --header 'content-type: application/json' --data-raw "$body" "$(signed POST /events "$md5")"
}

# Listens first, then asks: nothing is missed. Appends bring what is new; the end of the run is the end.
while IFS= read -r line; do
  case $line in
  'event: sockudo_internal:subscription_succeeded'*) ask ;;
  'data: '*"\"run-id\":\"$run\""*)
    frame=${line#data: }
    case $frame in
    *'"ai-run-end"'*)
      reason=$(member run-reason "$frame")
      printf '\n'
      [[ $reason == complete ]] && exit 0
      echo "The run ended: $reason" >&2
      exit 1
      ;;
    '{"event":"ai-output"'* | '{"event":"sockudo:message.append"'*)
      [[ $frame == *'"stream":"true"'* ]] || continue
      member data "$frame"
      ;;
    esac
    ;;
  esac
done < <(curl --silent --show-error --no-buffer "$(signed GET "/channels/$channel/events")")
echo 'The server ended the stream' >&2
exit 1
