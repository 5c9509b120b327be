export default function Page() {
  return <h1>traces</h1>;
}
