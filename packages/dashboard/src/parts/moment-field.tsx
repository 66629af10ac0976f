import { TextInput } from "@mantine/core";

interface MomentFieldProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | null) => void;
}

/** A moment in the reader's zone; as the wire writes it to the outside. */
export function MomentField({ label, value, onChange }: MomentFieldProps) {
  return (
    <TextInput
      size="sm"
      type="datetime-local"
      label={label}
      value={value === undefined ? "" : toLocal(value)}
      onChange={(event) => {
        const entered = event.currentTarget.value;
        onChange(entered === "" ? null : new Date(entered).toISOString());
      }}
    />
  );
}

/** `2026-11-25T21:45`, in the reader's zone. */
function toLocal(at: string): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
