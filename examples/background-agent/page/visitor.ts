// Who looks at this page: a random id, kept for all windows of this browser.

const STORAGE_KEY = 'background-agent-visitor';

export function visitorId(): string {
  const known = localStorage.getItem(STORAGE_KEY);
  if (known !== null) return known;
  // `randomUUID` is not there on a phone that opens the page by an address in the local network.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const id = `visitor-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  localStorage.setItem(STORAGE_KEY, id);
  return id;
}
