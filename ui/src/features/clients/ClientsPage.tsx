export function ClientsPage() { return <h1>ClientsPage</h1> }
