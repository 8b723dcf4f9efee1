"""Results exchanged with other programs: MATLAB elsewhere, Polygraphy."""
