/** Augmentations with all their fields, as the addon takes them. */

export const padCrop = (padding: number) => ({ kind: 'pad-crop', padding }) as const
export const flip = (probability = 0.5) => ({ kind: 'flip', probability }) as const
