// The door of A2A as the unmodified client sees it. Argument: the door.
import assert from "node:assert/strict";
import { A2AClient } from "@a2a-js/sdk/client";

const client = await A2AClient.fromCardUrl(process.argv[2] + "/.well-known/agent-card.json");
const message = (messageId, text, more = {}) => ({
  message: { kind: "message", role: "user", messageId, parts: [{ kind: "text", text }], ...more },
});
const text = (task) => task.artifacts[0].parts[0].text;

const hello = (await client.sendMessage(message("1", "hello"))).result;
assert.equal(hello.kind, "task");
assert.equal(hello.status.state, "completed");
assert.equal(text(hello), "Hello there, how are you?");
assert.deepEqual((await client.getTask({ id: hello.id })).result, hello);

const { contextId } = hello;
const set = message("2", "wake me up at nine am on friday", { contextId });
const once = (await client.sendMessage(set)).result;
assert.match(text(once), /Friday/);
assert.deepEqual((await client.sendMessage(set)).result, once);

const updates = [];
for await (const update of client.sendMessageStream(message("3", "hello", { contextId }))) {
  updates.push(update);
}
assert.equal(updates[0].kind, "task");
assert.equal(updates.at(-1).kind, "status-update");
assert.equal(updates.at(-1).status.state, "completed");
assert.equal(updates.at(-2).artifact.parts[0].text, "Hello there, how are you?");

const unknown = await client.getTask({ id: "no:task" });
assert.equal(unknown.error.code, -32001);
console.log("ok");
