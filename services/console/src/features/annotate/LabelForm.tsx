import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Select } from "antd";
import { useState, type ReactNode } from "react";
import { changeLabel, type Label } from "../../api/annotation";
import { FACTS } from "../../api/generated/facts";
import { LABEL_CHORDS } from "../../editor/labels";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { LABEL_COLOURS } from "../../ui/theme";

interface Props {
  readonly projectId: string;
  readonly label: Label;
  /** All of the project: a key is one label's. */
  readonly labels: readonly Label[];
  /** The label has this name now. */
  readonly onSaved: (name: string) => Promise<void>;
}

const MAX_NOTE = 1000;

/** What a label is called and looks like, saved together. */
export function LabelForm({ projectId, label, labels, onSaved }: Props): ReactNode {
  const words = useWords();
  const queries = useQueryClient();
  const [name, setName] = useState(label.name);
  const [colour, setColour] = useState(label.colour);
  const [hotkey, setHotkey] = useState(LABEL_CHORDS.includes(label.hotkey) ? label.hotkey : "");
  const [note, setNote] = useState(label.note);
  const mutationKey = ["change label", label.id];
  const saving = useMutation({
    mutationKey,
    mutationFn: () => changeLabel(projectId, label, { ...(name.trim() === "" ? {} : { name: name.trim() }), colour, hotkey, note }),
    onSuccess: (saved) => onSaved(saved.name),
  });
  // A key that is held, or pressed twice, asks before the screen knows that it goes on.
  const save = (): void => {
    if (queries.isMutating({ mutationKey }) === 0) saving.mutate();
  };
  const taken = new Set(labels.flatMap((other) => (other.id === label.id ? [] : [other.hotkey])));
  const free = LABEL_CHORDS.filter((chord) => !taken.has(chord));
  return (
    <div className="label-form">
      <Input
        autoFocus
        value={name}
        maxLength={FACTS.longest.label}
        aria-label={words.editor.renameLabel}
        onChange={(event) => setName(event.target.value)}
        onPressEnter={save}
      />
      <span className="secondary">{words.editor.renameHint}</span>
      <fieldset className="label-colours" aria-label={words.editor.labelColour}>
        {LABEL_COLOURS.map((each) => (
          <button
            key={each}
            type="button"
            aria-label={`${words.editor.labelColour} ${each}`}
            aria-pressed={each === colour}
            style={{ backgroundColor: each }}
            onClick={() => setColour(each)}
          />
        ))}
      </fieldset>
      <Button size="small" disabled={colour === ""} onClick={() => setColour("")}>
        {words.editor.colourByAge}
      </Button>
      <Select
        aria-label={words.editor.labelHotkey}
        value={hotkey}
        showSearch
        onChange={setHotkey}
        options={[{ value: "", label: words.editor.hotkeyInTurn }, ...free.map((chord) => ({ value: chord, label: chord }))]}
      />
      <Input.TextArea
        value={note}
        maxLength={MAX_NOTE}
        rows={3}
        placeholder={words.editor.labelNote}
        aria-label={words.editor.labelNote}
        onChange={(event) => setNote(event.target.value)}
      />
      <Button type="primary" size="small" loading={saving.isPending} onClick={save}>
        {words.common.save}
      </Button>
      {saving.isError && <ProblemAlert error={saving.error} />}
    </div>
  );
}
