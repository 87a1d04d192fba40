// The OpenAI client against a door: node protocol.mjs http://127.0.0.1:8080/v1
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'none-needed', maxRetries: 0 });
const ask = (content, more = {}) => ({ model: 'scripted', messages: [{ role: 'user', content }], ...more });
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

const models = [];
for await (const model of client.models.list()) models.push(model.id);
assert.deepEqual(models, ['agentos-nano', 'assistant', 'scripted']);
assert.equal((await client.models.retrieve('scripted')).object, 'model');

const whole = await client.chat.completions.create(ask('hello', { seed: 7, temperature: 0 }));
assert.equal(whole.choices[0].message.content, 'Hello there, how are you?');
assert.equal(whole.choices[0].finish_reason, 'stop');
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);
const again = await client.chat.completions.create(ask('hello', { seed: 7, temperature: 0 }));
assert.deepEqual(again.choices, whole.choices);

const stopped = await client.chat.completions.create(ask('hello', { stop: [','] }));
assert.equal(stopped.choices[0].message.content, 'Hello there');
const limited = await client.chat.completions.create(ask('hello', { max_completion_tokens: 2 }));
assert.equal(limited.choices[0].finish_reason, 'length');

let text = '';
let usage = null;
const chunks = await client.chat.completions.create(ask('hello', { stream: true, stream_options: { include_usage: true } }));
for await (const chunk of chunks) {
  text += chunk.choices[0]?.delta?.content ?? '';
  usage = chunk.usage ?? usage;
}
assert.equal(text, 'Hello there, how are you?');
assert.equal(usage.completion_tokens, 5);

const called = await client.chat.completions.create(ask('weather in Berlin', { tools: [weather], tool_choice: 'auto' }));
const call = called.choices[0].message.tool_calls[0];
assert.equal(called.choices[0].finish_reason, 'tool_calls');
assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Berlin' });
const none = await client.chat.completions.create(ask('weather in Berlin', { tools: [weather], tool_choice: 'none' }));
assert.equal(none.choices[0].message.tool_calls, undefined);
const forced = await client.chat.completions.create(
  ask('whatever', { tools: [weather], tool_choice: { type: 'function', function: { name: 'get_weather' } } }));
assert.equal(forced.choices[0].message.tool_calls[0].function.name, 'get_weather');
const accumulated = await client.chat.completions.stream(ask('weather in Rome', { tools: [weather] })).finalChatCompletion();
assert.equal(accumulated.choices[0].message.tool_calls[0].function.arguments, '{"city":"Rome"}');
const runner = client.chat.completions.runTools({
  ...ask('weather in Paris'),
  tools: [{ ...weather, function: { ...weather.function, parse: JSON.parse, function: ({ city }) => `rain in ${city}` } }],
}, { maxChatCompletions: 1 });
const results = [];
runner.on('functionToolCallResult', (result) => results.push(result));
await runner.done();
assert.deepEqual(results, ['rain in Paris']);

await assert.rejects(client.chat.completions.create({ ...ask('hello'), model: 'gpt-0' }), (error) =>
  error instanceof OpenAI.NotFoundError && error.code === 'model_not_found' && error.param === 'model');
await assert.rejects(client.chat.completions.create(ask('hello', { temperature: 9 })), (error) =>
  error instanceof OpenAI.BadRequestError && error.param === 'temperature');
await assert.rejects(client.chat.completions.create(ask('too long')), (error) =>
  error instanceof OpenAI.BadRequestError && error.code === 'context_length_exceeded');
await assert.rejects(client.chat.completions.create(ask('too many')), (error) => error instanceof OpenAI.RateLimitError);
await assert.rejects(async () => {
  for await (const chunk of await client.chat.completions.create(ask('break off', { stream: true }))) assert.ok(chunk.id);
}, (error) => error instanceof OpenAI.APIError && error.code === 'model_failed');

const agent = (content, more = {}) => ({ ...ask(content, more), model: 'assistant', user: 'node' });
const set = await client.chat.completions.create(agent('wake me up at nine am on friday'));
assert.match(set.choices[0].message.content, /friday/i);
let said = '';
for await (const chunk of await client.chat.completions.create(agent('what alarms do I have', { stream: true }))) {
  said += chunk.choices[0]?.delta?.content ?? '';
}
assert.match(said, /friday/i);
await assert.rejects(client.chat.completions.create(agent('hello', { tools: [weather] })), (error) =>
  error instanceof OpenAI.BadRequestError && error.code === 'tools_not_allowed');
