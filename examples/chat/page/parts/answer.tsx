// What the model answered: text, what it thought, tools that it called, in the order in which they came.
import { isLive, type SessionRun } from '@sockudo/ai-transport';
import { useSession } from '@sockudo/ai-transport/react';
import { memo, useState } from 'react';
import { Markdown } from '../markdown/markdown.tsx';
import type { Piece, SourcePiece, Turn } from '../model/turns.ts';
import { Failure } from './failure.tsx';
import { Dots } from './pending.tsx';
import { Tool } from './tool.tsx';
import { VersionSwitcher } from './versions.tsx';

interface Props {
  readonly turn: Turn;
  readonly run: SessionRun | undefined;
}

export const Answer = memo(function Answer({ turn, run }: Props) {
  const session = useSession();
  const isWorking = run !== undefined && (run.status === 'running' || run.status === 'queued');
  const isWriting = turn.pieces.some((piece) => 'isStreaming' in piece && piece.isStreaming);
  const isFailed = run?.status === 'error' || run?.status === 'lost';
  const sources = turn.pieces.filter((piece) => piece.kind === 'source');
  return (
    <article className="turn answer" aria-label="Assistant" aria-busy={isWorking} data-run={run?.status}>
      {turn.pieces.map((piece) => (
        <PieceView key={piece.id} piece={piece} turn={turn} isRunLive={run !== undefined && isLive(run)} />
      ))}
      {sources.length > 0 && <Sources sources={sources} />}
      {isWorking && !isWriting && <Dots />}
      {run?.status === 'cancelled' && <p className="hint ended">Stopped.</p>}
      {isFailed && (
        <Failure
          text={run.error?.message ?? 'The answer broke off.'}
          onRetry={() => session.regenerate(turn.id)}
        />
      )}
      {!isWorking && (
        <div className="tools">
          <VersionSwitcher messageId={turn.id} of="answer" />
          <CopyButton text={turn.text} />
          {!isFailed && run?.status !== 'suspended' && (
            <button
              type="button"
              className="quiet small on-hover"
              onClick={() => session.regenerate(turn.id)}
            >
              Regenerate
            </button>
          )}
        </div>
      )}
    </article>
  );
});

interface PieceProps {
  readonly piece: Piece;
  readonly turn: Turn;
  readonly isRunLive: boolean;
}

function PieceView({ piece, turn, isRunLive }: PieceProps) {
  switch (piece.kind) {
    case 'text':
      return <Markdown text={piece.text} isStreaming={piece.isStreaming} />;
    case 'reasoning':
      return (
        <details className="reasoning">
          <summary>{piece.isStreaming ? 'Thinking…' : 'Thought about it'}</summary>
          <Markdown text={piece.text} isStreaming={piece.isStreaming} />
        </details>
      );
    case 'tool':
      return <Tool tool={piece} runId={turn.runId} isRunLive={isRunLive} />;
    case 'source':
      return null;
  }
}

function Sources({ sources }: { readonly sources: readonly SourcePiece[] }) {
  return (
    <ul className="sources" aria-label="Sources">
      {sources.map(({ id, title, url }) => (
        <li key={id}>
          {url === null ? (
            title
          ) : (
            <a href={url} target="_blank" rel="noopener noreferrer nofollow">
              {title}
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}

function CopyButton({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false);
  // Not there without https or localhost.
  if (text === '' || navigator.clipboard === undefined) return null;
  return (
    <button
      type="button"
      className="quiet small on-hover"
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
    >
      {isCopied ? 'Copied' : 'Copy'}
    </button>
  );
}
