import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useEffect, useState } from 'react';
import { identityHeaders } from '../../../shared/api/api.ts';
import { ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { imageType } from './file-kind.ts';

/** An image, as an image only: an SVG runs no script and loads nothing here. */
export function ImageView({ name, url, hash }: { name: string; url: string; hash: string }): ReactElement {
  const { data, error } = useQuery({
    queryKey: ['image', url, hash],
    staleTime: Infinity,
    queryFn: async () => {
      const response = await fetch(url, { headers: identityHeaders() });
      if (!response.ok) throw new Error(`Cannot load the image: the server answered ${response.status}`);
      return new Blob([await response.arrayBuffer()], { type: imageType(name) });
    },
  });
  const [source, setSource] = useState<string>();
  useEffect(() => {
    if (data === undefined) return undefined;
    const made = URL.createObjectURL(data);
    setSource(made);
    return () => URL.revokeObjectURL(made);
  }, [data]);
  if (error !== null) return <ErrorState error={error} />;
  return source === undefined ? (
    <Loading label="Loading the image" />
  ) : (
    <img className="artifact-image" src={source} alt={name} />
  );
}
