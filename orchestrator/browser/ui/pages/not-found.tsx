/** An address that no page has. */
export function NotFound() {
  return (
    <section>
      <h1>No such page</h1>
      <p>
        Nothing is at <code>{location.pathname}</code>. <a href="/">All runs</a>
      </p>
    </section>
  );
}
