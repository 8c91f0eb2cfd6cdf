// Who is there: the assistant, and the user's other windows.
import type { Ready } from '../state/use-chat.ts';
import { useDevices } from '../state/use-devices.ts';
import { Bell } from './bell.tsx';
import { Icon } from './icons.tsx';
import { ShareButton } from './share.tsx';

interface Props {
  readonly chat: Ready;
  readonly isAgentThere: boolean;
  /** Otherwise nobody knows who is there. */
  readonly isConnected: boolean;
}

export function Presence({ chat, isAgentThere, isConnected }: Props) {
  const devices = useDevices(chat.client, chat.user);
  const names = devices.map(({ name }) => name).join(', ');
  return (
    <div className="presence">
      <span className={`agent ${isConnected && isAgentThere ? 'there' : 'away'}`} role="status">
        <span className="dot" aria-hidden="true" />
        <span className="word">
          {isConnected ? `Assistant is ${isAgentThere ? 'here' : 'away'}` : 'Not connected'}
        </span>
      </span>
      {devices.length > 0 && (
        <span className="devices" title={names}>
          <Icon name="devices" /> {devices.length}
          <span className="hidden">
            {devices.length === 1 ? ' other window of yours: ' : ' other windows of yours: '}
            {names}
          </span>
        </span>
      )}
      <Bell />
      <ShareButton />
    </div>
  );
}
