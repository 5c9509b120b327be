export default function Page() {
  return <h1>sweep</h1>;
}
