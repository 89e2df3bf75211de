"""The words between hearing and rig: eight mouth parameters a frame.

They are articulatory, not pictures: what the mouth does, in the terms of
phonetics, so that the network that hears and the rig that moves can each be
changed without the other. A row of zeros is the face at rest, as on the photo
but with the lips closed.
"""

MOUTH_PARAMETERS = (
    "jaw_open",  # 0..1: jaw down; 1 is the open vowel of "father", shouted
    "width",  # -1..1: corners drawn in (-1) or spread as in "see" (1)
    "rounding",  # 0..1: lips pushed forward and round, as in "who"
    "lip_closure",  # 0..1: lips pressed together, as in p, b, m; overrides jaw_open
    "labiodental",  # 0..1: lower lip under the upper teeth, as in f, v
    "upper_raise",  # 0..1: upper lip up, showing teeth, as in sh, s
    "lower_depress",  # 0..1: lower lip down, showing lower teeth, as in s, e
    "tongue",  # 0..1: tongue tip up behind or between the teeth, as in l, n, th
)
K = len(MOUTH_PARAMETERS)  # columns of every mouth array: (n_frames, K) float32
