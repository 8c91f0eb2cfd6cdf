export { showConnection } from './connection-view.ts';
export { byId, create, html, note } from './dom.ts';
