import { Button, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useState, type SyntheticEvent } from 'react'
import { useClient } from '@/shared/api/context'
import { explain } from '@/shared/api/errors'
import { useStream } from '@/shared/live/useLive'
import styles from './session.module.css'

/** Asks for the token; the server answers with a cookie, and the token is kept nowhere. */
export function SignIn() {
  const client = useClient()
  const queries = useQueryClient()
  const stream = useStream()
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const signIn = async (): Promise<void> => {
    setBusy(true)
    try {
      await client.post('session', { token: token.trim() })
      await queries.resetQueries()
      stream.retry()
    } catch (error) {
      const { title, advice } = explain(error)
      setProblem(advice || title)
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void signIn()
  }
  return (
    <form className={styles.form} onSubmit={submit} aria-labelledby="sign-in">
      <KeyRound size={22} aria-hidden="true" />
      <h1 id="sign-in">Sign in</h1>
      <p>
        This server asks for a token. Whoever runs it makes one with <code>mockforge-analytics token create</code>.
      </p>
      <TextInput
        type="password"
        label="Token"
        autoComplete="current-password"
        required
        value={token}
        error={problem}
        onChange={(event) => setToken(event.currentTarget.value)}
      />
      <Button type="submit" loading={busy} disabled={token.trim() === ''}>
        Sign in
      </Button>
    </form>
  )
}
