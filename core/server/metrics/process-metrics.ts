// What the process itself takes: memory, processor time, file descriptors, how busy its event loop is. Read at each scrape; nothing
// runs between scrapes, which is why prom-client's own collection (timers and observers without an owner) is not used.
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** Names without prefix, as Sockudo has them; `nodejs_…` stand where it shows its own runtime. */
export function registerProcessMetrics(registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number | null): void => {
    const metric: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const value = read();
        // A number this system does not tell is left out, not shown as 0.
        if (value === null) metric.remove();
        else metric.set(value);
      },
    });
  };
  const startedAtSeconds = (Date.now() - performance.now()) / 1000;
  let lastUtilization = performance.eventLoopUtilization();

  gauge('process_cpu_seconds_total', 'User and system processor time, seconds', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge(
    'process_start_time_seconds',
    'Start of the process, seconds since the epoch',
    () => startedAtSeconds,
  );
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  gauge('process_virtual_memory_bytes', 'Virtual memory', virtualMemoryBytes);
  gauge('process_open_fds', 'Open file descriptors', openFileDescriptors);
  gauge('process_max_fds', 'Most file descriptors the process may open', maxFileDescriptors);
  gauge('nodejs_heap_used_bytes', 'JavaScript heap in use', () => process.memoryUsage().heapUsed);
  gauge('nodejs_heap_total_bytes', 'JavaScript heap reserved', () => process.memoryUsage().heapTotal);
  gauge(
    'nodejs_eventloop_utilization',
    'Share of time the event loop was busy since the last scrape, 0-1',
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, lastUtilization);
      lastUtilization = now;
      return utilization;
    },
  );
}

function virtualMemoryBytes(): number | null {
  const kibibytes = /^VmSize:\s+(\d+) kB$/m.exec(readProcFile('status') ?? '')?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

function maxFileDescriptors(): number | null {
  const limit = /^Max open files\s+(\d+)/m.exec(readProcFile('limits') ?? '')?.[1];
  return limit === undefined ? null : Number(limit);
}

function openFileDescriptors(): number | null {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    // Not Linux: unknown.
    return null;
  }
}

function readProcFile(name: string): string | null {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    // Not Linux: unknown.
    return null;
  }
}
