import { CloseOutlined } from "@ant-design/icons";
import { Button } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../../i18n/language";

interface OfferProps {
  readonly onTake: () => void;
  readonly onLeave: () => void;
}

/** To whoever is here for the first time, and in nobody's way. */
export function TourOffer({ onTake, onLeave }: OfferProps): ReactNode {
  const words = useWords();
  return (
    <div className="tour-offer" role="group" aria-label={words.tour.title}>
      <Button type="link" size="small" onClick={onTake}>
        {words.tour.offer}
      </Button>
      <Button type="text" size="small" icon={<CloseOutlined />} title={words.tour.leave} aria-label={words.tour.leave} onClick={onLeave} />
    </div>
  );
}
