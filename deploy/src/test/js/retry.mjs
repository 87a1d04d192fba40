// Sets an alarm through a door that loses the first answer; the client's own retry has to do.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'none-needed' });
const answer = await client.chat.completions.create({
  model: 'assistant',
  user: 'node-retry',
  messages: [{ role: 'user', content: 'wake me up at six am on sunday' }],
});
assert.match(answer.choices[0].message.content, /sunday/i);
