import { describe, expect, it } from 'vitest';
import { issueTicket, requireTicket, TICKET_TTL_SECONDS } from './socket-ticket.ts';

const app = { secret: 's' };
const { socketId, ticket, expiresAtSeconds } = issueTicket(app, '12.34', 1_000.5);

describe('a ticket', () => {
  it('counts for its socket id, app and time', () => {
    expect(expiresAtSeconds).toBe(1_000 + TICKET_TTL_SECONDS);
    expect(() => requireTicket(app, socketId, ticket, expiresAtSeconds)).not.toThrow();
    expect(() => requireTicket(app, '12.35', ticket, 1_000)).toThrow('Invalid');
    expect(() => requireTicket({ secret: 't' }, socketId, ticket, 1_000)).toThrow('Invalid');
    expect(() => requireTicket(app, socketId, ticket, expiresAtSeconds + 1)).toThrow('expired');
  });

  it('can be neither prolonged nor made up', () => {
    const [, signature] = ticket.split(':');
    for (const forged of [
      '',
      'x',
      `${expiresAtSeconds + 9}:${signature}`,
      `${expiresAtSeconds}:`,
      `:${signature}`,
    ]) {
      expect(() => requireTicket(app, socketId, forged, 1_000)).toThrow('Invalid');
    }
    expect(() => requireTicket(app, 'nonsense', ticket, 1_000)).toThrow('Invalid');
  });
});
