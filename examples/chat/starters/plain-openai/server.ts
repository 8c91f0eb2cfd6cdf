// The backend: answers questions with the `openai` package, and gives browsers a token.
import { createServer } from 'node:http';
import { createAgent, createWorker } from '@sockudo/ai-transport/agent';
import { SignJWT } from 'jose';
import OpenAI from 'openai';
import { Sockudo } from 'sockudo';

const {
  SOCKUDO_URL = 'http://app-key:app-secret@127.0.0.1:6001/apps/app-id',
  OPENAI_API_KEY: apiKey = 'none',
  OPENAI_BASE_URL: baseURL = apiKey === 'none' ? 'http://127.0.0.1:4001/v1' : 'https://api.openai.com/v1',
  OPENAI_MODEL = 'local-model',
  PORT = '6010',
} = process.env;
const openai = new OpenAI({ baseURL, apiKey });
const { username: key, password: secret, hostname, port } = new URL(SOCKUDO_URL);

createWorker({
  agent: createAgent({ sockudo: Sockudo.forURL(SOCKUDO_URL) }),
  channelPrefix: 'ai-',
  async handle(run, { history }) {
    const messages = (await history()).map(({ role, text }) => ({
      role: role === 'assistant' ? ('assistant' as const) : ('user' as const),
      content: text,
    }));
    const request = { model: OPENAI_MODEL, messages, stream: true } as const;
    const stream = await openai.chat.completions.create(request, { signal: run.signal });
    await run.pipe(texts(stream));
  },
});

async function* texts(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): AsyncGenerator<string> {
  for await (const { choices } of stream) yield choices[0]?.delta.content ?? '';
}

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
