import { ActionIcon } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { LogOut } from 'lucide-react'
import { useClient } from '@/shared/api/context'
import { explain } from '@/shared/api/errors'
import { useSession } from '@/shared/data/useSession'
import { toast } from '@/shared/ui/toast'

/** Only where there was something to sign in to. */
export function SignOut() {
  const client = useClient()
  const queries = useQueryClient()
  const session = useSession()
  if (session?.auth_required !== true || !session.authenticated) return null
  const signOut = async (): Promise<void> => {
    try {
      await client.remove('session')
      queries.clear()
      await queries.resetQueries({ queryKey: ['session'] })
      window.location.reload()
    } catch (error) {
      const { title, advice } = explain(error)
      toast.fail(title, advice)
    }
  }
  return (
    <ActionIcon variant="subtle" color="gray" aria-label="Sign out" onClick={() => void signOut()}>
      <LogOut size={16} />
    </ActionIcon>
  )
}
