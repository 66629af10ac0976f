import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Panel } from "./page.tsx";
import { Failed } from "./states.tsx";

export interface OneFieldFormProps {
  readonly title: string;
  readonly lead: string;
  /** What the button says that saves. */
  readonly label: string;
  /** Nothing was changed: there is nothing to save. */
  readonly isSame: boolean;
  readonly save: () => Promise<void>;
  readonly children: ReactNode;
}

/** A panel with one field that is saved by itself, and what went wrong with it below. */
export function OneFieldForm({ title, lead, label, isSame, save, children }: OneFieldFormProps) {
  const saving = useMutation({ mutationFn: save });
  return (
    <Panel title={title} lead={lead}>
      <form
        className="steps"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!isSame) saving.mutate();
        }}
      >
        {children}
        {saving.isError ? <Failed error={saving.error} /> : null}
        <div>
          <Button type="submit" variant="default" disabled={isSame} loading={saving.isPending}>
            {label}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
