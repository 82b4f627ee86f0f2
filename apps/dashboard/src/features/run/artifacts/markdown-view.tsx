import { type Token, type Tokens, lexer } from 'marked';
import { type ReactElement, type ReactNode, useMemo } from 'react';
import { SourceView } from '../../../shared/ui/source-view.tsx';
import '../../../shared/ui/table.css';

/** Markdown as elements, never as HTML: what a model wrote runs nothing and loads nothing. Tags in it are shown as text. */
export function MarkdownView({ text }: { text: string }): ReactElement {
  const tokens = useMemo(() => lexer(text), [text]);
  return <div className="markdown card">{blocks(tokens)}</div>;
}

function blocks(tokens: readonly Token[]): ReactNode[] {
  return tokens.map((token, at) => <Block key={at} token={token} />);
}

function Block({ token }: { token: Token }): ReactNode {
  if (is<Tokens.Heading>(token, 'heading')) {
    // The page has its heading: those of the document begin below it.
    const Heading = `h${Math.min(6, token.depth + 2)}` as 'h3';
    return <Heading>{inline(token.tokens)}</Heading>;
  }
  if (is<Tokens.Paragraph>(token, 'paragraph')) return <p>{inline(token.tokens)}</p>;
  if (is<Tokens.Code>(token, 'code')) return <SourceView name={`code.${token.lang ?? ''}`} text={token.text} />;
  if (is<Tokens.Blockquote>(token, 'blockquote')) return <blockquote>{blocks(token.tokens)}</blockquote>;
  if (is<Tokens.List>(token, 'list')) {
    const items = token.items.map((item, at) => <li key={at}>{item.task ? <Task item={item} /> : blocks(item.tokens)}</li>);
    return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
  }
  if (is<Tokens.Table>(token, 'table')) return <Table table={token} />;
  if (is<Tokens.Text>(token, 'text')) return <>{token.tokens === undefined ? token.text : inline(token.tokens)}</>;
  if (token.type === 'hr') return <hr />;
  return token.type === 'space' || token.type === 'def' ? null : <p>{token.raw}</p>;
}

function Task({ item }: { item: Tokens.ListItem }): ReactElement {
  return (
    <>
      <span className="visually-hidden">{item.checked === true ? 'done: ' : 'to do: '}</span>
      <span aria-hidden="true">{item.checked === true ? '☑ ' : '☐ '}</span>
      {blocks(item.tokens)}
    </>
  );
}

function Table({ table }: { table: Tokens.Table }): ReactElement {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Table">
      <table className="table">
        <thead>
          <tr>
            {table.header.map((cell, at) => (
              <th key={at} scope="col">
                {inline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column}>{inline(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(tokens: readonly Token[]): ReactNode[] {
  return tokens.map((token, at) => <Inline key={at} token={token} />);
}

function Inline({ token }: { token: Token }): ReactNode {
  if (is<Tokens.Strong>(token, 'strong')) return <strong>{inline(token.tokens)}</strong>;
  if (is<Tokens.Em>(token, 'em')) return <em>{inline(token.tokens)}</em>;
  if (is<Tokens.Del>(token, 'del')) return <del>{inline(token.tokens)}</del>;
  if (is<Tokens.Codespan>(token, 'codespan')) return <code>{token.text}</code>;
  if (is<Tokens.Link>(token, 'link')) return <Linked href={token.href}>{inline(token.tokens)}</Linked>;
  // An image would be a request to wherever it says.
  if (is<Tokens.Image>(token, 'image')) return <Linked href={token.href}>{token.text || 'image'}</Linked>;
  if (token.type === 'br') return <br />;
  if (is<Tokens.Text>(token, 'text')) return <>{token.tokens === undefined ? token.text : inline(token.tokens)}</>;
  return <>{is<Tokens.Escape>(token, 'escape') ? token.text : token.raw}</>;
}

/** A link to the web, which learns nothing of this page; any other address is shown as text. */
function Linked({ href, children }: { href: string; children: ReactNode }): ReactElement {
  if (!/^(?:https?|mailto):/i.test(href)) return <span title={href}>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

function is<Kind extends Token>(token: Token, type: Kind['type']): token is Kind {
  return token.type === type;
}
