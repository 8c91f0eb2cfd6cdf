// The backend: answers with `streamText`, and gives browsers a token.
import { createServer } from 'node:http';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { answerWith } from '@sockudo/ai-sdk/agent';
import { createAgent, createWorker } from '@sockudo/ai-transport/agent';
import { streamText } from 'ai';
import { SignJWT } from 'jose';
import { Sockudo } from 'sockudo';

const {
  SOCKUDO_URL = 'http://app-key:app-secret@127.0.0.1:6001/apps/app-id',
  OPENAI_API_KEY: apiKey = 'none',
  OPENAI_BASE_URL: baseURL = apiKey === 'none' ? 'http://127.0.0.1:4001/v1' : 'https://api.openai.com/v1',
  OPENAI_MODEL = 'local-model',
  PORT = '6010',
} = process.env;
const model = createOpenAICompatible({ name: 'model', baseURL, apiKey })(OPENAI_MODEL);
const { username: key, password: secret, hostname, port } = new URL(SOCKUDO_URL);

createWorker({
  agent: createAgent({ sockudo: Sockudo.forURL(SOCKUDO_URL) }),
  channelPrefix: 'ai-',
  handle: answerWith(({ messages, signal }) => streamText({ model, messages, abortSignal: signal })),
});

/** Whoever asks may use the one conversation. Look at your own session here, and name the channel of its user. */
createServer(async (_request, response) => {
  const capability = { 'ai-demo': ['subscribe', 'history', 'publish'] };
  const token = await new SignJWT({ 'x-sockudo-client-id': 'visitor', 'x-sockudo-capability': capability })
    .setProtectedHeader({ alg: 'HS256', kid: key })
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime('15m')
    .sign(new TextEncoder().encode(secret));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ token, key, host: hostname, port: Number(port) }));
}).listen(Number(PORT), '127.0.0.1');
