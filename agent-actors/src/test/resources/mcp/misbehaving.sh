#!/bin/sh
# An MCP server on its standard streams whose tools misbehave as they are named.
tool() { printf '{"name":"%s","inputSchema":{"type":"object"}}' "$1"; }
while IFS= read -r line; do
  id=$(printf '%s' "$line" | sed -nE 's/.*"id":("[^"]*"|[0-9]+).*/\1/p')
  [ -n "$id" ] || continue
  result='{"content":[{"type":"text","text":"hello"}]}'
  case "$line" in
    *'"method":"initialize"'*)
      result='{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"sh","version":"1"}}' ;;
    *'"method":"tools/list"'*)
      result="{\"tools\":[$(tool greet),$(tool hang),$(tool die),$(tool line),$(tool babble),$(tool chatter),$(tool complain)]}" ;;
    *'"method":"ping"'*) result='{}' ;;
    *'"name":"hang"'*) continue ;;
    *'"name":"die"'*) exit 3 ;;
    # One line without an end.
    *'"name":"line"'*) exec tr '\0' x < /dev/zero ;;
    # Notifications without an end.
    *'"name":"babble"'*)
      exec yes '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}' ;;
    # Thousands of them, and an answer.
    *'"name":"chatter"'*)
      yes '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}' | head -n 3000 ;;
    # More on its error stream than a pipe holds, and an answer.
    *'"name":"complain"'*) yes complaint | head -n 100000 >&2 ;;
  esac
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"
done
