import { EmptyState } from '@/shared/ui/EmptyState'
import { PageLink } from '@/shared/ui/PageLink'

export function Lost() {
  return (
    <EmptyState title="There is no such page">
      <PageLink to="/">Go to the overview</PageLink>
    </EmptyState>
  )
}
