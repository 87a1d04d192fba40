// The door of MCP as the unmodified client sees it. Argument: the URL of the door.
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const url = new URL(process.argv[2]);
const client = new Client({ name: "llmagentos-test", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(url));
assert.equal(client.getServerVersion().name, "llmagentos");

const { tools } = await client.listTools();
const ask = tools.find((tool) => tool.name === "ask_assistant");
assert.ok(ask, `ask_assistant is among ${tools.map((tool) => tool.name)}`);
assert.deepEqual(ask.inputSchema.required, ["message"]);

// The client checks structured results by the tool's schema itself.
const hello = await client.callTool({ name: "ask_assistant", arguments: { message: "hello" } });
assert.ok(!hello.isError);
assert.equal(hello.content[0].text, "Hello there, how are you?");
assert.equal(hello.structuredContent.status, "completed");

const { conversation } = hello.structuredContent;
const key = { "io.llmagentos/idempotency-key": "the-same" };
const set = {
  name: "ask_assistant",
  arguments: { message: "wake me up at nine am on friday", conversation },
  _meta: key,
};
const once = await client.callTool(set);
const again = await client.callTool(set);
assert.match(once.content[0].text, /Friday/);
assert.deepEqual(again, once);

const alarms = await client.callTool({
  name: "ask_assistant",
  arguments: { message: "what alarms do I have", conversation },
});
assert.match(alarms.content[0].text, /Friday/);

const wrong = await client.callTool({ name: "ask_assistant", arguments: { message: 7 } });
assert.ok(wrong.isError);
await assert.rejects(
  () => client.callTool({ name: "ask_nobody", arguments: { message: "hello" } }),
  /Unknown tool/,
);
// A tool of the platform's own, without an agent: once under its key, recorded in a session.
const coffee = { name: "make_coffee", arguments: { kind: "mocha" }, _meta: { "io.llmagentos/idempotency-key": "mocha" } };
const made = await client.callTool(coffee);
assert.ok(!made.isError);
assert.equal(made.content[0].text, "One mocha, here you are.");
assert.deepEqual(await client.callTool(coffee), made);
const session = new URL("/v1/sessions/" + made._meta["io.llmagentos/conversation"], url);
const [turn] = (await (await fetch(session)).json()).turns;
assert.equal(turn.tool_calls[0].status, "succeeded");
const without = await client.callTool({ name: "make_coffee", arguments: {} });
assert.ok(without.isError);
await client.ping();
await client.close();
console.log("ok");
