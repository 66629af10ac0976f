import { Button, Group, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { words } from "../words.ts";
import { Failed } from "./states.tsx";

export interface ConfirmProps {
  /** On the button that asks, and on the one that does it. */
  readonly label: string;
  readonly title: string;
  readonly lead: string;
  readonly isDangerous?: boolean;
  readonly variant?: "filled" | "default" | "subtle";
  readonly size?: "xs" | "sm";
  readonly act: () => Promise<unknown>;
  readonly children?: ReactNode;
}

/** A button that says what will happen before it does it. */
export function Confirm({ label, title, lead, isDangerous = false, variant = "default", size = "sm", act, children }: ConfirmProps) {
  const [isOpen, setOpen] = useState(false);
  const change = useMutation({ mutationFn: act, onSuccess: () => setOpen(false) });
  return (
    <>
      <Button
        variant={variant}
        size={size}
        {...(isDangerous && variant === "subtle" ? { color: "red" } : {})}
        onClick={() => {
          change.reset();
          setOpen(true);
        }}
      >
        {label}
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={title} closeButtonProps={{ "aria-label": words.dialog.close }}>
        <p>{lead}</p>
        {children}
        {change.isError ? <Failed error={change.error} /> : null}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={() => setOpen(false)}>
            {words.dialog.cancel}
          </Button>
          <Button {...(isDangerous ? { color: "red" } : {})} loading={change.isPending} onClick={() => change.mutate()}>
            {label}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
