/** The service worker that pushes wake: installed if need be, and running before anybody subscribes with it. */
import { PushError, pushErrorOf } from './errors.ts';

/** A script, with its scope where that is not its folder; or a registration that the application has made. */
export type WorkerSource =
  | string
  | { readonly url: string; readonly scope?: string; readonly type?: WorkerType }
  | ServiceWorkerRegistration;

/** @throws PushError `worker_failed` */
export async function activeWorker(source: WorkerSource): Promise<ServiceWorkerRegistration> {
  try {
    const registration = await registrationOf(source);
    if (registration.active === null) await activated(registration.installing ?? registration.waiting);
    return registration;
  } catch (error) {
    throw pushErrorOf(error, 'worker_failed', 'The service worker could not be installed');
  }
}

function registrationOf(source: WorkerSource): Promise<ServiceWorkerRegistration> {
  if (typeof source === 'object' && 'pushManager' in source) return Promise.resolve(source);
  const { url, ...options } = typeof source === 'string' ? { url: source } : source;
  return navigator.serviceWorker.register(url, options);
}

function activated(worker: ServiceWorker | null): Promise<void> {
  if (worker === null) throw new PushError('worker_failed', 'The registration has no service worker');
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (worker.state === 'activated') resolve();
      // An install handler that failed ends here.
      else if (worker.state === 'redundant')
        reject(new PushError('worker_failed', 'The service worker was not installed'));
    };
    worker.addEventListener('statechange', look);
    look();
  });
}
