// The user's other windows, on whatever device: members of a presence channel of the user's own.
import type { Sockudo } from '@sockudo/client';
import { useEffect, useState } from 'react';
import { devicesChannel } from '../../shared/names.ts';

export interface Device {
  readonly id: string;
  readonly name: string;
}

const EVENTS = ['sockudo:subscription_succeeded', 'sockudo:member_added', 'sockudo:member_removed'] as const;

/** Without this one. */
export function useDevices(client: Sockudo, user: string): readonly Device[] {
  const [devices, setDevices] = useState<readonly Device[]>([]);
  useEffect(() => {
    const channel = client.subscribe(devicesChannel(user));
    const update = (): void => {
      const found: Device[] = [];
      channel.members.each(({ id, info }) => {
        if (id !== channel.members.myID) found.push({ id, name: nameOf(info) });
      });
      setDevices(found);
    };
    for (const event of EVENTS) channel.bind(event, update);
    update();
    return () => {
      for (const event of EVENTS) channel.unbind(event, update);
    };
  }, [client, user]);
  return devices;
}

const nameOf = (info: unknown): string =>
  typeof info === 'object' && info !== null && 'name' in info ? String(info.name) : 'Another device';
